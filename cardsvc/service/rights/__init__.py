"""What the social-insurance and medical-insurance offices say of people: files taken in, compared, and what waits for them."""
