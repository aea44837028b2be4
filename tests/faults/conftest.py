"""What pytest must leave alone: importing the sabotage would sabotage the tests themselves."""

collect_ignore = ["sabotage"]
