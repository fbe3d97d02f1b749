"""The commands about the local authority. As in `commands.py`, each body imports what it needs when it runs."""

from typing import Annotated

import typer

from sidecar.cli.flags import ConfigFlag, Format, FormatFlag, help_when_alone

ca = typer.Typer(
    help="Make the local authority that interception and TLS need, and explain how a program trusts it.",
    rich_markup_mode=None, invoke_without_command=True,
)  # fmt: skip
ca.callback()(help_when_alone)


def parse_host(text: str) -> str:
    """A host, an address or a block of addresses that a certificate can be for.

    Raises:
        BadParameter: it is none.
    """
    from sidecar.authority.names import NotAName, Scope

    try:
        Scope.of([text])
    except NotAName as why:
        raise typer.BadParameter(str(why)) from None
    return text


DirectoryFlag = Annotated[
    str | None, typer.Option("--directory", metavar="PATH", help="Where it is kept. Else proxy.ca_directory of the settings.")
]  # fmt: skip


@ca.command("create")
def create_authority(
    directory: DirectoryFlag = None,
    days: Annotated[int, typer.Option(min=1, max=3650, metavar="N", help="How long it is good.")] = 825,
    host: Annotated[
        list[str] | None,
        typer.Option(parser=parse_host, metavar="NAME", help="A host, address or block it may speak for besides; repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the one that is there; its key is not kept.")] = False,
    config: ConfigFlag = None,
) -> None:  # fmt: skip
    """Make a certificate authority for this machine, and say how a program trusts it.

    It may speak for the hosts of the upstreams in the settings and for this machine, and for nobody else: that stands in its
    certificate, and clients check it. Nothing is installed anywhere. A program trusts it when it is started with the variables
    that are shown. Its key is a file that only you can read; whoever has it can speak for those hosts to those programs.
    """
    from sidecar.cli.ca_making import create_authority

    create_authority(directory, host or (), config, days=days, replaces=force)


@ca.command("show")
def show_authority(
    directory: DirectoryFlag = None,
    format: FormatFlag = Format.TABLE,
    config: ConfigFlag = None,
) -> None:
    """Show the authority: for which hosts it may speak, until when, and the variables by which a program trusts it.

    Exits with 2 when there is none, when it has ended, or when others may look into its files.
    """
    from sidecar.cli.ca_making import show_authority

    show_authority(directory, config, as_json=format is Format.JSON)
