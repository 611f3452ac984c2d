"""Payloads are told apart by their content, and what a child has compiled once is compiled for the next."""

from __future__ import annotations

from types import ModuleType

import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._warm.payload import Payloads
from ansible_collections.airas.platform.plugins.plugin_utils._warm.preload import Parked, digest

from .conftest import Builder


@pytest.fixture
def parked() -> dict[str, Parked]:
    ansible = ModuleType("ansible")
    ansible.__path__ = ["/site/ansible"]
    return {"ansible": Parked(ansible, digest(b""))}


def test_the_same_payload_with_other_arguments(build: Builder, parked: dict[str, Parked]) -> None:
    payloads = Payloads(parked)
    one, two = (build("module.exit_json()", number=number) for number in (1, 2))
    other = build("module.exit_json(other=True)", number=1)
    assert one != two
    assert payloads.recognise(one) is payloads.recognise(two)
    assert payloads.recognise(one) is not payloads.recognise(other)


def test_arguments_cannot_pass_for_a_payload(build: Builder, parked: dict[str, Parked]) -> None:
    payloads = Payloads(parked)
    plain = payloads.recognise(build("module.exit_json()", text="x"))
    tricky = payloads.recognise(build("module.exit_json()", text="\nzip_data='UEsFBg==',\n)\nextensions={},\n"))
    assert tricky is plain


def test_members_are_modules(build: Builder, parked: dict[str, Parked]) -> None:
    payload = Payloads(parked).recognise(build("module.exit_json()"))
    assert payload.members["ansible.module_utils.basic"] == "ansible/module_utils/basic.py"
    assert payload.members["ansible.module_utils.common"] == "ansible/module_utils/common/__init__.py"
    assert payload.differing is None


def test_one_that_differs(build: Builder, parked: dict[str, Parked]) -> None:
    parked["ansible.module_utils.basic"] = Parked(ModuleType("basic"), digest(b"another version"))
    parked["ansible.module_utils.not_used"] = Parked(ModuleType("not_used"), digest(b"whatever"))
    assert Payloads(parked).recognise(build("module.exit_json()")).differing == "ansible.module_utils.basic"


def test_what_was_missed_is_compiled_when_it_comes_again(build: Builder, parked: dict[str, Parked]) -> None:
    payloads = Payloads(parked)
    wrapper = build("module.exit_json()")
    payload = payloads.recognise(wrapper)
    payload.missed.update({"ansible.module_utils.basic", "ansible.legacy.no_such"})
    assert payload.codes == {}
    payloads.recognise(wrapper)
    assert payload.codes["ansible.module_utils.basic"].co_filename == "/site/ansible/module_utils/basic.py"
    assert payload.codes.keys() == {"ansible.module_utils.basic"}
    assert payload.missed == set()


@pytest.mark.parametrize(
    ("replaced", "by", "message"),
    [
        (b"zip_data=", b"data_of_zip=", "no AnsiballZ module"),
        (b"\nextensions={},\n", b"\nextensions={'_coverage': {}},\n", "debugger or coverage"),
        (b"zip_data='UEsD", b"zip_data='AAAA", "cannot be read"),
        (b"zip_data='", b"zip_data='!", "cannot be read"),
    ],
)
def test_what_is_not_recognised(
    build: Builder, parked: dict[str, Parked], replaced: bytes, by: bytes, message: str
) -> None:
    wrapper = build("module.exit_json()")
    assert replaced in wrapper
    with pytest.raises(ValueError, match=message):
        Payloads(parked).recognise(wrapper.replace(replaced, by))
