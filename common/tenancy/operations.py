"""Migration operations for tenant tables. Policies are per role: `bypass OR …` in one policy would lose every index."""

from django.db import migrations

from common.tenancy.contexts import SYSTEM_ROLE, TENANT_ROLE

#: The sub-select runs once per statement; nullif because the setting reads '' after a transaction that used it.
CURRENT_ORGANIZATION = "(SELECT nullif(current_setting('rollcall.organization_id', true), ''))"
CURRENT_USER = "(SELECT nullif(current_setting('rollcall.user_id', true), ''))"


def tenant_table(table: str, *, key: str = "organization_id", person_reads: str = "") -> migrations.RunSQL:
    """
    Close `table` to everybody but the tenant whose id is in `key`, and the system role.

    `person_reads` is a condition by which a person outside any organization reads rows of their own.
    """
    mine = f"{key} = {CURRENT_ORGANIZATION}"
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} TO {TENANT_ROLE} USING ({mine}) WITH CHECK ({mine});
            CREATE POLICY system ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true);
            {_person_policy(table, person_reads)}
        """,
        reverse_sql=f"""
            DROP POLICY tenant ON {table};
            DROP POLICY IF EXISTS person ON {table};
            DROP POLICY system ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def _person_policy(table: str, condition: str) -> str:
    if not condition:
        return ""
    using = f"{CURRENT_ORGANIZATION} IS NULL AND {condition}"
    return f"CREATE POLICY person ON {table} FOR SELECT TO {TENANT_ROLE} USING ({using});"


def composite_key(
    table: str, column: str, to_table: str, *, organization: str = "organization_id"
) -> migrations.RunSQL:
    """
    A foreign key that cannot leave the organization: (organization, column) → (organization_id, id).

    NO ACTION and deferred: key checks ignore row-level security, and a composite SET NULL would null the organization.
    """
    name = f"{table}_{column}_same_organization"
    target = "(organization_id, id)"
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({organization}, {column})
            REFERENCES {to_table} {target} DEFERRABLE INITIALLY DEFERRED;
        """,
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )
