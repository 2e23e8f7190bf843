"""The files of `deploy/`: what Kubernetes would take, and names in them that lead to something."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cern_assets.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
_SCHEMA = "1.33"


def _objects() -> list[dict[str, Any]]:
    """The objects of Kubernetes, as they are written."""
    customised = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    files = [DEPLOY / "kubernetes" / name for name in customised["resources"] if name.endswith(".yaml")]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def _deployments() -> list[dict[str, Any]]:
    return [each for each in _objects() if each["kind"] == "Deployment"]


def _checked(objects: list[dict[str, Any]]) -> None:
    for each in objects:
        kubernetes_validate.validate(each, _SCHEMA, strict=True)


def test_every_object_is_what_the_api_of_kubernetes_says() -> None:
    objects = _objects()
    assert {each["kind"] for each in objects} == {"ConfigMap", "Deployment", "PersistentVolumeClaim", "Service"}
    _checked(objects)
    with pytest.raises(kubernetes_validate.ValidationError):
        _checked([{**objects[0], "dta": {}}])


def test_each_service_finds_the_pods_that_it_names() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in _deployments()]
    assert [each["spec"]["selector"]["matchLabels"] for each in _deployments()] == labels
    services = [each["spec"]["selector"] for each in _objects() if each["kind"] == "Service"]
    assert len(services) == 2
    assert all(selector in labels for selector in services)


def test_every_variable_is_a_setting_and_every_command_a_program() -> None:
    (values,) = (each["data"] for each in _objects() if each["kind"] == "ConfigMap")
    known = {f"CERN_ASSETS_{name.upper()}" for name in Settings.model_fields}
    assert values.keys() <= known | {"DAGSTER_HOME", "DAGSTER_EVENT_BATCH_SIZE"}
    containers = [container for each in _deployments() for container in _containers(each)]
    programs = {container["command"][0] for container in containers if "command" in container}
    assert programs == {"dagster-daemon", "dagster-webserver", "celery"}
    assert all(Path(sys.executable).with_name(name).exists() for name in programs)


def test_no_container_runs_as_root_or_may_become_it() -> None:
    for deployment in _deployments():
        for container in _containers(deployment):
            said = container["securityContext"]
            assert (said["runAsNonRoot"], said["allowPrivilegeEscalation"]) == (True, False)
            assert said["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.service
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_renders_them_with_the_instance_of_deploy_celery() -> None:
    rendered = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes")], capture_output=True, text=True, check=True
    ).stdout
    objects = list(yaml.safe_load_all(rendered))
    _checked(objects)
    (instance,) = (each for each in objects if each["metadata"]["name"] == "cern-assets-dagster")
    assert instance["data"]["dagster.yaml"] == (DEPLOY / "celery" / "dagster.yaml").read_text()
    assert {each["metadata"]["namespace"] for each in objects} == {"cern-assets"}


def test_the_image_is_made_of_the_locked_packages_of_this_checkout() -> None:
    lines = (DEPLOY / "container" / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert ["requirements/celery.txt", "requirements/"] in copied
    assert all((DEPLOY.parent / name).exists() for names in copied for name in names[:-1])


def _containers(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    return list(deployment["spec"]["template"]["spec"]["containers"])
