// Package java stands in for a package that no module proxy has. The image provider needs it only to
// write the Java section of its schema, which nothing reads when the provider runs.
package java

// PackageInfo is the one name that the provider uses.
type PackageInfo struct {
	BuildFiles                      string            `json:"buildFiles,omitempty"`
	GradleNexusPublishPluginVersion string            `json:"gradleNexusPublishPluginVersion,omitempty"`
	Dependencies                    map[string]string `json:"dependencies,omitempty"`
}
