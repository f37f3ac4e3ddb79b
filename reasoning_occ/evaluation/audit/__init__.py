"""What can be found out about a judge, without asking people or with them. Numbers alone; a page shows them."""
