"""Learnings: what a partner learned piloting, running or ending something, told to whoever comes next.

When a partner's use of a feature turns to pilot, live or ended, five short questions are asked (`queries.asked`);
anybody who acts for a public body may also write one freely. Real effort that is named goes beside every estimate.
"""
