"""Many runs of one config: what differs between them, what each comes to, and who trains them."""
