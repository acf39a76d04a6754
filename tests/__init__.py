"""Begins before all else is loaded: what is loaded now stays, so nobody looks for garbage until the tests begin."""

import gc

gc.disable()
