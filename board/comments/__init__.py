"""Comments: what people say under proposals and packages, editable by their authors, leaving a trace."""
