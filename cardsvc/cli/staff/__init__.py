"""Who works with the service and what they decide: staff, approvals of two people, the audit trail, the rules."""
