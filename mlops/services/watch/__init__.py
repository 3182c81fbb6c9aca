"""What becomes of a version after training: scored, compared, proposed, and watched for drift."""
