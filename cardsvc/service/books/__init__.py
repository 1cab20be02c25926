"""The books of a day: day-end and seals, sheets, receipts, figures, corrections."""
