"""`python -m reasoning_occ`: every command of the project with a line each."""

COMMANDS = {
    "python -m reasoning_occ.run": "learn and score one recommender, or a sweep over several (-m)",
    "python -m reasoning_occ.report DIR": "print and write again the table or page of a run or sweep",
    "python -m reasoning_occ.language.show": "show a training example with its segments in colour",
}


def main() -> None:
    """Print the commands; each has --help."""
    print("reasoning_occ: reason-then-recommend occupation models. Each command has --help.\n")
    width = max(map(len, COMMANDS))
    for command, line in COMMANDS.items():
        print(f"  {command:<{width}}  {line}")


if __name__ == "__main__":
    main()
