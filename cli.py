"""The command line, `crossmodal COMMAND ...`. Its commands are in pipeline/commands, one file per section."""

import os

import click

from pipeline.commands import corpora, exchange, ingest, look, models, plan, run, show
from pipeline.commands.common import Group

# In the order in which a user needs them.
SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Make a corpus": (ingest.init, ingest.segment, corpora.add_corpus, corpora.corpora, corpora.validate),
    "Run its stages, in this order": (
        *(run.settings, run.inputs, run.prepare, run.preprocess, run.extract),
        *(run.train, run.evaluate, run.report),
    ),
    "Use the results": (models.compare, models.explain, models.fit, models.predict),
    "Exchange features with other tools": (exchange.import_, exchange.export),
    "Inspect a project and clean up": (
        *(show.show, plan.plan, look.status, look.features, look.doctor),
        *(look.models, look.cache),
    ),
}


class _Main(Group):
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(str(command.name), command.get_short_help_str(90)) for command in commands])


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="crossmodal", prog_name="crossmodal")
def main() -> None:
    """Measure how much text, voice and face reveal about sentiment in talking-head recordings.

    `dvc repro` runs all stages that are out of date.

    Example: crossmodal evaluate --corpus demo
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # pandas' strings; Arrow's own pool keeps freed memory


for _commands in SECTIONS.values():
    for _command in _commands:
        main.add_command(_command)


if __name__ == "__main__":
    main()
