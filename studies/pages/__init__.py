"""Writers of the generated pages and figures of docs/."""
