"""What IAM would decide about calls: their actions, resources and context, and whether a policy allows them."""
