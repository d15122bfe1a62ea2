"""The register of complaints: what reports and audits need, filled by the diagrams through job types.

The process conducts; the register remembers. Nothing here decides what comes next: diagrams and tables do.
"""
