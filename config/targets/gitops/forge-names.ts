/** Services that pull requests are opened on. GitHub Enterprise and GitLab of one's own are among them. */
export const forgeNames = ["github", "gitlab"] as const;
export type ForgeName = (typeof forgeNames)[number];
