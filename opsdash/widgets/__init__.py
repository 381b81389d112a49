"""The Textual kit: line views, grids and panels that know only core types."""
