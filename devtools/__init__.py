"""What `./dev` does: the environment, the embedded services, the processes of Rollcall, and the commands over them."""
