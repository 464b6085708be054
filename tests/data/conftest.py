from __future__ import annotations

import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.load import parse_codebook

CODEBOOK = """
name: tiny
version: "1"
title: &w {zh: 测试, en: test}
description: *w
unit: *w
variables:
  - {id: relevant, type: binary, name: *w, model: true, evidence: true}
  - id: functions
    type: multi
    name: *w
    asked_when: [{variable: relevant, equals: true}]
    labels: [{id: tips, name: *w}, {id: groups, name: *w}, {id: portal, name: *w}]
  - id: depth
    type: ordinal
    name: *w
    asked_when: [{variable: relevant, equals: true}]
    labels: [{id: none, name: *w}, {id: one_way, name: *w}, {id: two_way, name: *w}, {id: flow, name: *w}]
  - id: kind
    type: nominal
    name: *w
    asked_when: [{variable: relevant, equals: true}]
    labels: [{id: news, name: *w}, {id: tender, name: *w}]
  - {id: agency, type: text, name: *w}
constraints:
  - id: some_function
    kind: implication
    when: [{variable: relevant, equals: true}]
    then: [{variable: functions, min_labels: 1}]
    message: {zh: 至少一项, en: at least one function}
"""


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return parse_codebook(CODEBOOK)
