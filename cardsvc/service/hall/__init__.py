"""The hall around the desks: tickets and their forecast, appraisals and service stars, complaints, notes of the day."""
