"""`sextant ops`: what operators do with the platform's own data. Each command stands elsewhere."""

import typer

from sextant_client.cli.drilling import drill
from sextant_client.cli.recovering import backup, check, replicate, restore, verify_backup
from sextant_client.cli.recovering_people import card, share

app = typer.Typer(help="Operate the platform: backups and what they prove.", no_args_is_help=True)
app.command("backup")(backup)
app.command("restore")(restore)
app.command("verify-backup")(verify_backup)
app.command("check")(check)
app.command("replicate")(replicate)
app.command("drill")(drill)
app.command("card")(card)
app.command("share")(share)
