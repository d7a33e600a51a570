# The image of every process: web server, scheduler, worker, and each other command of manage.py.
ARG PYTHON_TAG=3.11-slim-bookworm

FROM python:${PYTHON_TAG} AS build
COPY requirements/run.txt /build/run.txt
# The environment gets no pip: the one of the image installs into it, and stays behind.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install \
        --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /build/run.txt

FROM python:${PYTHON_TAG}
LABEL org.opencontainers.image.title="Orchestrator scheduler" \
      org.opencontainers.image.description="Schedules that turn every planned instant into one firing and one task" \
      org.opencontainers.image.version="0.1.0"

# Numbers, so that a cluster can see that it is not root. /data is where a volume for SQLite may be mounted.
RUN groupadd --gid 10001 orchestrator \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent orchestrator \
    && install --directory --owner=10001 --group=10001 /data

COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0

WORKDIR /app
COPY manage.py gunicorn.conf.py ./
COPY bin ./bin
COPY templates ./templates
COPY orchestrator_site ./orchestrator_site
COPY workflows ./workflows
COPY tasks ./tasks
COPY schedules ./schedules
# The user may not write here, so what Python would write at the first start is written now.
RUN python -m compileall -q --invalidation-mode unchecked-hash .

USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of the web server; containers with another command turn it off or have one of their own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "orchestrator_site.healthcheck"]
ENTRYPOINT ["python", "manage.py"]
CMD ["web"]
