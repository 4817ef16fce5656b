"""The assessment: which remedy each workspace needs, why that one, what is in the way, and which rights are missing.

Built on one audit. Writes nothing. No workspace is opened unless its contents are to be counted. `survey.assess` is the
way in.
"""
