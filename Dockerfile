# What is downloaded is checked against the hashes of the lock files; nothing is fetched at run time.
ARG PYTHON=3.14

# The project as a wheel. The development lock has the build tools, and stays in this stage.
FROM python:${PYTHON}-slim AS wheel
WORKDIR /src
COPY requirements-dev.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
    --require-hashes -r requirements-dev.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
RUN pip wheel --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:${PYTHON}-slim AS venv
RUN python -m venv --without-pip /opt/repo-radar
COPY requirements.lock ./
RUN pip --python /opt/repo-radar/bin/python install --no-cache-dir --disable-pip-version-check \
    --require-hashes -r requirements.lock
COPY --from=wheel /wheels /wheels
RUN pip --python /opt/repo-radar/bin/python install --no-cache-dir --disable-pip-version-check \
    --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="Repo Radar" \
      org.opencontainers.image.description="A Discord bot that remembers what GitHub forgets" \
      org.opencontainers.image.licenses="MIT"
COPY --from=venv /opt/repo-radar /opt/repo-radar
# /data is the only place that is written to: the root file system may be read-only.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin radar \
    && install -d -o radar -g radar -m 0750 /data
ENV PATH=/opt/repo-radar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RADAR_STORAGE__URL=sqlite:////data/radar.db \
    RADAR_DAILY_FILE__PATH=/data/portfolio
USER 10001:10001
# config.yaml, if there is one, is looked for here.
WORKDIR /data
VOLUME /data
# The bot touches the file beside its database while any of its connections to Discord is open.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, sys, time; sys.exit(time.time() - os.stat('/data/radar.db.heartbeat').st_mtime > 60)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["repo-radar"]
CMD ["run"]
