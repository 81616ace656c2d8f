// Tables of the SQLite store, version 6; docs/formats/store.md explains them. Columns of circuits, jobs,
// attempts, transfers, withdrawals and suspensions stand in the order of coordinator/engine/fields.h.
#pragma once

#include <cstdint>

namespace prooflode::store {

constexpr int64_t kApplicationId = 0x504c4f44;  // "PLOD"
constexpr int64_t kSchemaVersion = 6;

constexpr char kSchema[] = R"sql(
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;

CREATE TABLE coordinator (public_key BLOB NOT NULL CHECK (length(public_key) = 32)) STRICT;

CREATE TABLE handovers (
  tree_size INTEGER PRIMARY KEY CHECK (tree_size > 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  retired BLOB NOT NULL CHECK (length(retired) = 32),
  successor BLOB NOT NULL UNIQUE CHECK (length(successor) = 32 AND successor <> retired),
  by_retired BLOB NOT NULL CHECK (length(by_retired) = 64),
  by_successor BLOB NOT NULL CHECK (length(by_successor) = 64)
) STRICT;

CREATE TABLE leaves (
  leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
  bytes BLOB NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE proofs (
  leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
  proof BLOB NOT NULL
) STRICT;

CREATE TABLE proofs_kept (from_us INTEGER NOT NULL CHECK (from_us >= 0)) STRICT;
INSERT INTO proofs_kept VALUES (0);

CREATE TABLE circuits (
  id BLOB PRIMARY KEY CHECK (length(id) = 32),
  name TEXT NOT NULL UNIQUE,
  proof_system INTEGER NOT NULL CHECK (proof_system = 1),
  zkey_digest BLOB NOT NULL CHECK (length(zkey_digest) = 32),
  zkey_bytes INTEGER NOT NULL CHECK (zkey_bytes >= 0),
  r1cs_digest BLOB CHECK (length(r1cs_digest) = 32),
  r1cs_bytes INTEGER NOT NULL CHECK (r1cs_bytes >= 0),
  domain_size INTEGER NOT NULL CHECK (domain_size >= 0),
  variable_count INTEGER NOT NULL CHECK (variable_count >= 0),
  public_input_count INTEGER NOT NULL CHECK (public_input_count >= 0),
  owner BLOB NOT NULL CHECK (length(owner) = 32),
  registered_at_us INTEGER NOT NULL,
  insecure_setup INTEGER NOT NULL CHECK (insecure_setup IN (0, 1)),
  verification_key_json TEXT NOT NULL,
  verifying_key_digest BLOB NOT NULL CHECK (length(verifying_key_digest) = 32),
  security_bits INTEGER NOT NULL CHECK (security_bits >= 0),
  setup_contributions INTEGER NOT NULL CHECK (setup_contributions >= 0),
  work_units INTEGER NOT NULL CHECK (work_units >= 0),
  mirrors TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  circuit BLOB NOT NULL CHECK (length(circuit) = 32),
  requester BLOB NOT NULL CHECK (length(requester) = 32),
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 8),
  reward_units INTEGER NOT NULL CHECK (reward_units >= 0),
  fee_units INTEGER NOT NULL CHECK (fee_units >= 0),
  race_width INTEGER NOT NULL CHECK (race_width >= 0),
  lease_us INTEGER,
  posted_at_us INTEGER NOT NULL,
  deadline_at_us INTEGER NOT NULL CHECK (deadline_at_us > posted_at_us),
  witness_digest BLOB NOT NULL CHECK (length(witness_digest) = 32),
  witness_bytes INTEGER NOT NULL CHECK (witness_bytes >= 0),
  statement BLOB NOT NULL CHECK (length(statement) = 32),
  public_inputs BLOB NOT NULL CHECK (length(public_inputs) % 32 = 0),
  racer_count INTEGER NOT NULL CHECK (racer_count >= 0),
  commit_count INTEGER NOT NULL CHECK (commit_count >= 0),
  delivered_attempt BLOB CHECK (length(delivered_attempt) = 16),
  winning_attempt BLOB CHECK (length(winning_attempt) = 16),
  winner BLOB CHECK (length(winner) = 32),
  delivered_at_us INTEGER NOT NULL,
  settled_at_us INTEGER NOT NULL,
  margin_us INTEGER CHECK (margin_us >= 0),
  revision INTEGER NOT NULL CHECK (revision >= 0),
  collateral_units INTEGER NOT NULL CHECK (collateral_units >= 0),
  bounty_units INTEGER NOT NULL CHECK (bounty_units >= 0 AND (bounty_units = 0 OR state <= 3)),
  draw_seed BLOB NOT NULL CHECK (length(draw_seed) = 32),
  draw_count INTEGER NOT NULL CHECK (draw_count >= 0),
  draw_at_us INTEGER NOT NULL,
  hedged INTEGER NOT NULL CHECK (hedged IN (0, 1)),
  CHECK ((state = 4) = (winning_attempt IS NOT NULL)),
  CHECK ((winning_attempt IS NULL) = (winner IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  job BLOB NOT NULL CHECK (length(job) = 16),
  miner BLOB NOT NULL CHECK (length(miner) = 32),
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 10),
  fence INTEGER NOT NULL CHECK (fence >= 0),
  admitted_at_us INTEGER NOT NULL,
  expires_at_us INTEGER NOT NULL,
  commit_hash BLOB NOT NULL CHECK (length(commit_hash) = 32),
  commit_leaf INTEGER NOT NULL CHECK (commit_leaf >= 0),
  committed_at_us INTEGER NOT NULL,
  reveal_by_us INTEGER NOT NULL,
  proof_leaf INTEGER NOT NULL CHECK (proof_leaf >= 0),
  reason INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 18 OR reason BETWEEN 32 AND 39),
  behind_winner_us INTEGER NOT NULL,
  changed_by INTEGER NOT NULL CHECK (changed_by >= 0),
  collateral_units INTEGER NOT NULL CHECK (collateral_units >= 0 AND (collateral_units = 0 OR state <= 4)),
  forfeited_units INTEGER NOT NULL CHECK (forfeited_units >= 0),
  predicted_us INTEGER NOT NULL CHECK (predicted_us >= 0),
  residency INTEGER NOT NULL CHECK (residency BETWEEN 0 AND 3),
  late_at_us INTEGER NOT NULL,
  late INTEGER NOT NULL CHECK (late IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE candidacies (
  job BLOB NOT NULL CHECK (length(job) = 16),
  miner BLOB NOT NULL CHECK (length(miner) = 32),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  entered_at_us INTEGER NOT NULL,
  predicted_us INTEGER NOT NULL CHECK (predicted_us >= 0),
  residency INTEGER NOT NULL CHECK (residency BETWEEN 0 AND 3),
  PRIMARY KEY (job, miner)
) STRICT, WITHOUT ROWID;

CREATE TABLE standings (
  miner BLOB PRIMARY KEY CHECK (length(miner) = 32),
  draws_lost INTEGER NOT NULL CHECK (draws_lost >= 0),
  places_lost INTEGER NOT NULL CHECK (places_lost >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  balance_units INTEGER NOT NULL CHECK (balance_units >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfers (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 13),
  time_us INTEGER NOT NULL,
  amount_units INTEGER NOT NULL CHECK (amount_units > 0),
  debit TEXT NOT NULL,
  credit TEXT NOT NULL CHECK (credit <> debit),
  job TEXT NOT NULL,
  external_reference TEXT NOT NULL
) STRICT;
CREATE INDEX transfers_debit ON transfers (debit, id);
CREATE INDEX transfers_credit ON transfers (credit, id);
CREATE UNIQUE INDEX transfers_reference ON transfers (external_reference) WHERE external_reference <> '';

CREATE TABLE withdrawals (
  id INTEGER PRIMARY KEY CHECK (id >= 0),
  owner BLOB NOT NULL CHECK (length(owner) = 32),
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
  amount_units INTEGER NOT NULL CHECK (amount_units > 0),
  reference TEXT NOT NULL,
  requested_at_us INTEGER NOT NULL,
  ended_at_us INTEGER NOT NULL,
  payment TEXT NOT NULL CHECK ((payment <> '') = (state = 2)),
  note TEXT NOT NULL
) STRICT;

CREATE TABLE suspensions (
  proof_system INTEGER NOT NULL CHECK (proof_system = 1),
  circuit BLOB NOT NULL CHECK (length(circuit) = 32),
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  since_us INTEGER NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (proof_system, circuit)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
  identity BLOB NOT NULL CHECK (length(identity) = 32),
  request_id BLOB NOT NULL,
  content BLOB NOT NULL CHECK (length(content) = 32),
  time_us INTEGER NOT NULL,
  answer BLOB NOT NULL,
  PRIMARY KEY (identity, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_time ON answers (time_us);
)sql";

}  // namespace prooflode::store
