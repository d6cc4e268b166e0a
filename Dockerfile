# The laboratory in one image: the harness, uv, several CPythons, Wine and Windows CPythons.
#
#     docker build -t harness .
#     docker run --rm harness                                         prints the default table
#     docker run --rm -v "$PWD/results:/work" harness harness run     keeps the results; the folder must be writable by
#                                                                     user 1000, or: --user, and -e HOME=/work
#     docker run --rm -v "$PWD/results:/work" harness harness report --format html --output pages
#
# Where no registry can be reached, BASE is a Debian made with debootstrap and PYTHONS an image with CPythons in
# /opt/pythons/versions; '.ci/image harness-laboratory-base' makes one that is both:
#
#     docker build --network host --build-arg BASE=harness-laboratory-base --build-arg PYTHONS=harness-laboratory-base .

# A dated tag, so that the same file makes the same system.
ARG BASE=debian:bookworm-20250520-slim
ARG PYTHONS=pythons-of-uv

FROM ${BASE} AS system
ENV DEBIAN_FRONTEND=noninteractive
# A compiler, for releases without wheels of their time.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev python3 python3-venv wine wine64 \
    && rm -rf /var/lib/apt/lists/*

FROM system AS pythons-of-uv
ARG PYTHONS
# Builders of old make this stage also where it is not used.
RUN mkdir -p /opt/pythons/versions; test "$PYTHONS" != pythons-of-uv || { \
    python3 -m venv /tmp/uv && /tmp/uv/bin/pip install --no-cache-dir uv \
    && UV_PYTHON_INSTALL_DIR=/opt/pythons/uv /tmp/uv/bin/uv python install 3.7 3.8 3.9 3.10 3.11 3.12 3.13; }

FROM ${PYTHONS} AS pythons

FROM system AS program
COPY . /source
RUN python3 -m venv /opt/harness && /opt/harness/bin/pip install --no-cache-dir /source

FROM system AS laboratory
COPY --from=pythons /opt/pythons /opt/pythons
COPY --from=program /opt/harness /opt/harness
# CPythons that share their library find it where they lie now.
RUN ls -d /opt/pythons/versions/*/lib >/etc/ld.so.conf.d/pythons.conf 2>/dev/null; ldconfig
ENV PATH=/opt/harness/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYENV_ROOT=/opt/pythons \
    UV_PYTHON_INSTALL_DIR=/opt/pythons/uv \
    HARNESS_CACHE=/var/cache/harness \
    LANG=C.UTF-8
RUN useradd --uid 1000 --create-home harness \
    && mkdir -p /work /var/cache/harness \
    && chown harness:harness /work /var/cache/harness
USER harness
WORKDIR /work
# Wine's own files and the Windows CPythons of the default table; any other is made when it is first needed.
ARG WINDOWS_PYTHONS=3.8
RUN harness setup --python ${WINDOWS_PYTHONS} && rm -rf /home/harness/.cache/uv
CMD ["harness", "run"]
