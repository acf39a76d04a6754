"""One's own access: a forgotten password, another password, another e-mail address, each confirmed and told by mail."""
