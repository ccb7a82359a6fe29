"""A room's roles: what an operator runs says who comes in, and tables are granted one by one."""

from sextant_shared.chassis.roles import Roles

ROLES = Roles("sextant_room")


def test_nobody_but_the_rooms_own_roles_comes_into_its_database() -> None:
    script = ROLES.script()
    assert "CREATE ROLE sextant_room_owner NOLOGIN" in script
    assert "REVOKE ALL ON DATABASE sextant_room FROM PUBLIC;" in script
    assert "GRANT CONNECT ON DATABASE sextant_room TO sextant_room_migrator," in script
    assert script.count("GRANT sextant_room_owner TO") == 1
    assert "GRANT sextant_room_owner TO sextant_room_migrator;" in script


def test_a_reader_only_reads_and_a_writer_gets_what_the_room_names() -> None:
    run: list[str] = []
    ROLES.grant(run.append, {"receipt": "SELECT, INSERT"})
    assert 'GRANT SELECT, INSERT ON "receipt" TO sextant_room_writer' in run
    assert [line for line in run if line.endswith("sextant_room_reader") and "GRANT" in line] == [
        'GRANT SELECT ON "receipt" TO sextant_room_reader'
    ]
