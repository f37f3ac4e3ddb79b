"""`python -m reasoning_occ`: every command of the project with a line each."""

import sys

COMMANDS = {
    "python -m reasoning_occ.run": "learn and score one recommender, or a sweep over several (-m)",
    "python -m reasoning_occ.recommend run=RUN_DIR CAREER": "what comes next for a person, or for thousands, and why",
    "python -m reasoning_occ.app run=RUN_DIR": "a page in the browser: try a run, its people, sweeps and judge",
    "python -m reasoning_occ.export RUN_DIR": "write a run's model as a folder for a model hub, with its card",
    "python -m reasoning_occ.inspect": "what a data set holds, with plots, and what in it looks like a leak",
    "python -m reasoning_occ.crosswalk": "make the crosswalk of data=nlsy97 from official files that you download",
    "python -m reasoning_occ.plan": "what a job's teacher and judge would be asked, and what that would cost",
    "python -m reasoning_occ.report DIR": "print and write again the table or page of a run or sweep",
    "python -m reasoning_occ.dashboard ENTITY/PROJECT": "a workspace and a sweep's report on Weights & Biases",
    "python -m reasoning_occ.audit RUN_DIR": "find out how far the scores of a run's judge can be trusted",
    "python -m reasoning_occ.ledger stats FILE": "what language models were asked, and its cost; also export, prune",
    "python -m reasoning_occ.language.show": "show a training example with its segments in colour",
    "python -m experiments.bench": "measure the speed against trl and transformers (in a checkout)",
}


def main() -> None:
    """Print the commands; each has --help. An unknown word is a usage error."""
    words = [word for word in sys.argv[1:] if word not in ("-h", "--help")]
    if words:
        print(f"'{words[0]}' is no command; `python -m reasoning_occ` lists them.", file=sys.stderr)
        sys.exit(2)
    print("reasoning_occ: reason-then-recommend occupation models. Each command has --help.\n")
    width = max(map(len, COMMANDS))
    for command, line in COMMANDS.items():
        print(f"  {command:<{width}}  {line}")


if __name__ == "__main__":
    main()
