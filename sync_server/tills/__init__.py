"""Which machine is which till: enrolment, tokens, revocation, and what a till last said of itself."""
