"""Work: proposals are divided into packages; partners claim them under a lease that asks before it frees."""
