// Package codegen stands in for a package that no module proxy has. The image provider needs it only
// to write the .NET section of its schema, which nothing reads when the provider runs.
package codegen

// CSharpPackageInfo is the one name that the provider uses.
type CSharpPackageInfo struct {
	RespectSchemaVersion bool              `json:"respectSchemaVersion,omitempty"`
	PackageReferences    map[string]string `json:"packageReferences,omitempty"`
}
