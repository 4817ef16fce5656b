"""The audit: whose key the data of every workspace is under, what that rests on, and what nobody can tell.

Reads only, and asks Azure Resource Manager and the directory alone: no workspace and no vault's content is opened, so
that a Reader gets the same picture as an Owner. `survey.audit` is the way in.
"""
