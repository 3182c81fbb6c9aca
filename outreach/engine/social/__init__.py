"""What people do with posts: what it is worth, who speaks for us, whom to answer."""
