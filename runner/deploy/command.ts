export const deployServices = async (_o: unknown, _c: unknown) => ({
  exitCode: 0 as const,
  document: {},
  text: "",
});
export const planServices = async (_o: unknown, _c: unknown) => ({
  exitCode: 0 as const,
  document: {},
  text: "",
});
