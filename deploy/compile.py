"""`make install`: compile all that will be served, packages, modules and templates, so that no visitor waits for it.

Whoever installs does it: the service may write nothing beside the program, so it would compile everything at each
start and forget it again (docs/adr/0039). Folders may be given, instead of the packages and the board.
"""

import compileall
import sys
import sysconfig

from board.templating import ROOT, compile_all, names

if __name__ == "__main__":
    for folder in sys.argv[1:] or [sysconfig.get_path("purelib"), ROOT / "board", ROOT / "deploy"]:
        compileall.compile_dir(folder, quiet=2, workers=0)  # Some packages bring files for other Pythons.
    compile_all()
    sys.stdout.write(f"{len(names())} templates are compiled.\n")
