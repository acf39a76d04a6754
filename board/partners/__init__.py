"""Partners: the bodies that take part, municipalities first; one page each with all they do on the board."""
