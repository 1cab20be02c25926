"""Schema versions, made with Alembic.

env         Alembic's environment
versions    the migrations, one file a version
"""
