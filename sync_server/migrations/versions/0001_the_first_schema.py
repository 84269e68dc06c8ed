"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "account",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("store_id", sa.String(length=40), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "barcode",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_barcode")),
    )
    with op.batch_alter_table("barcode", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_barcode_product_id"), ["product_id"], unique=False)

    op.create_table(
        "cash_movement",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("movement_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_cash_movement")),
    )
    with op.batch_alter_table("cash_movement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cash_movement_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "category",
        sa.Column("category_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("category_id", name=op.f("pk_category")),
    )
    op.create_table(
        "change_feed",
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("ver", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("op", sa.String(length=3), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("checksum_after", sa.String(length=20), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "ver", name=op.f("pk_change_feed")),
    )
    op.create_table(
        "drawer_count",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("counted_minor", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_drawer_count")),
    )
    with op.batch_alter_table("drawer_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drawer_count_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "drawer_opening",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_drawer_opening")),
    )
    with op.batch_alter_table("drawer_opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drawer_opening_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "exception_case",
        sa.Column(
            "case_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("case_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("refs", sa.Text(), nullable=False),
        sa.Column("raised_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("assigned_to", sa.Text(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_exception_case")),
        sa.UniqueConstraint("case_key", name=op.f("uq_exception_case_case_key")),
    )
    with op.batch_alter_table("exception_case", schema=None) as batch_op:
        batch_op.create_index("exception_case_by_state", ["state", "case_id"], unique=False)

    op.create_table(
        "exception_note",
        sa.Column(
            "note_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_exception_note")),
    )
    with op.batch_alter_table("exception_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exception_note_case_id"), ["case_id"], unique=False)

    op.create_table(
        "feed_head",
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("ver", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.String(length=20), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_feed_head")),
    )
    op.create_table(
        "feed_row",
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("ver", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "entity", "id", name=op.f("pk_feed_row")),
    )
    op.create_table(
        "incarnation",
        sa.Column("incarnation", sa.LargeBinary(), nullable=False),
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("store_id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.LargeBinary(), nullable=True),
        sa.Column("parent_seq", sa.BigInteger(), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("last_received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incarnation", name=op.f("pk_incarnation")),
    )
    with op.batch_alter_table("incarnation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incarnation_till_id"), ["till_id"], unique=False)

    op.create_table(
        "ingest_log",
        sa.Column("ingest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("schema", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("store_id", sa.String(length=40), nullable=False),
        sa.Column("incarnation", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ingest_id", name=op.f("pk_ingest_log")),
        sa.UniqueConstraint("event_id", name=op.f("uq_ingest_log_event_id")),
        postgresql_with={"toast_tuple_target": 8160},
    )
    op.create_table(
        "ingest_pos",
        sa.Column("incarnation", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("chain_ok", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("incarnation", "seq", name=op.f("pk_ingest_pos")),
    )
    op.create_table(
        "ingest_queue",
        sa.Column("ingest_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ingest_id", name=op.f("pk_ingest_queue")),
    )
    op.create_table(
        "price",
        sa.Column("price_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("price_id", name=op.f("pk_price")),
    )
    with op.batch_alter_table("price", schema=None) as batch_op:
        batch_op.create_index("price_by_product", ["product_id", "store_id", "valid_from_ms"], unique=False)

    op.create_table(
        "product",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product")),
        sa.UniqueConstraint("number", name=op.f("uq_product_number")),
        sa.UniqueConstraint("sku", name=op.f("uq_product_sku")),
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_category_id"), ["category_id"], unique=False)
        batch_op.create_index("product_by_name", ["name", "product_id"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.String(length=64), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("store_id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_ingest_id"), ["ingest_id"], unique=False)
        batch_op.create_index("quarantine_open", ["resolved_at_ms", "at_ms"], unique=False)

    op.create_table(
        "sale",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cash_rounding_minor", sa.BigInteger(), nullable=False),
        sa.Column("change_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("late_after_close", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_sale")),
    )
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.create_index("sale_by_day", ["business_date", "store_id", "till_id"], unique=False)
        batch_op.create_index("sale_by_id", ["sale_id"], unique=False)
        batch_op.create_index("sale_by_receipt", ["receipt_number"], unique=False)
        batch_op.create_index("sale_by_shift", ["shift_id"], unique=False)

    op.create_table(
        "sale_line",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_category_id", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_sale_line")),
    )
    op.create_table(
        "sale_tax",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate_ppm", sa.BigInteger(), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_sale_tax")),
    )
    op.create_table(
        "sale_tender",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_minor", sa.BigInteger(), nullable=False),
        sa.Column("kept_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_sale_tender")),
    )
    op.create_table(
        "sale_void",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("whole_sale", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_sale_void")),
    )
    with op.batch_alter_table("sale_void", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_void_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "shift_closing",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("counted_minor", sa.BigInteger(), nullable=False),
        sa.Column("over_short_minor", sa.BigInteger(), nullable=False),
        sa.Column("stated", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_shift_closing")),
    )
    with op.batch_alter_table("shift_closing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shift_closing_business_date"), ["business_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_shift_closing_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "shift_opening",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ingest_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Text(), nullable=False),
        sa.Column("float_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_shift_opening")),
    )
    with op.batch_alter_table("shift_opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shift_opening_business_date"), ["business_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_shift_opening_shift_id"), ["shift_id"], unique=False)

    op.create_table(
        "snapshot",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=40), nullable=False),
        sa.Column("feed_schema", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("unpacked_size", sa.BigInteger(), nullable=False),
        sa.Column("positions", sa.Text(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_snapshot")),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index("snapshot_by_store", ["store_id", "made_at_ms"], unique=False)

    op.create_table(
        "staff_member",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_member")),
    )
    op.create_table(
        "staff_store",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "staff_id", name=op.f("pk_staff_store")),
    )
    op.create_table(
        "stock_level",
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("on_hand_milli", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "product_id", name=op.f("pk_stock_level")),
    )
    op.create_table(
        "stock_move",
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_stock_move")),
    )
    with op.batch_alter_table("stock_move", schema=None) as batch_op:
        batch_op.create_index("stock_move_by_product", ["product_id", "location_id", "at_ms"], unique=False)

    op.create_table(
        "store",
        sa.Column("store_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_store")),
    )
    op.create_table(
        "tax_category",
        sa.Column("tax_category_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("taxes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tax_category_id", "store_id", name=op.f("pk_tax_category")),
    )
    op.create_table(
        "used_nonce",
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce_hash", name=op.f("pk_used_nonce")),
    )
    with op.batch_alter_table("used_nonce", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_nonce_expires_ms"), ["expires_ms"], unique=False)

    op.create_table(
        "till",
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("store_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.store_id"], name=op.f("fk_till_store_id_store")),
        sa.PrimaryKeyConstraint("till_id", name=op.f("pk_till")),
    )
    with op.batch_alter_table("till", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_till_store_id"), ["store_id"], unique=False)

    op.create_table(
        "device",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("enrolled_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("app", sa.String(length=80), nullable=False),
        sa.Column("protocol", sa.Integer(), nullable=False),
        sa.Column("unsent", sa.Integer(), nullable=False),
        sa.Column("free_mb", sa.Integer(), nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["till_id"], ["till.till_id"], name=op.f("fk_device_till_id_till")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_till_id"), ["till_id"], unique=False)

    op.create_table(
        "enrol_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("used_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["till_id"], ["till.till_id"], name=op.f("fk_enrol_code_till_id_till")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrol_code")),
    )


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
