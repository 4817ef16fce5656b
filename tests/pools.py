"""The shortest playbook: it moves instance pools. For tests of what goes on around the objects."""

POOLS = """
playbook: pools-only
about: Moves instance pools, for tests
params:
  source: {type: workspace}
  target: {type: workspace}
source: "${params.source}"
target: "${params.target}"
steps:
  - id: pools
    kinds: [instance_pools]
"""
