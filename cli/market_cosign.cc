// prooflode log cosign: what a witness does, once a run.
#include "cli/market_cosign.h"

#include <memory>

#include "cli/market_session.h"
#include "client/gossip.h"
#include "transparency/checkpoint.h"

namespace prooflode::cli {
namespace {

struct CosignOptions {
  MarketOptions market;
  std::string name;
  std::string witness_key;
  std::string state;
  bool show_key = false;
};

Status CosignNewest(const CosignOptions& options, const SigningKey& witness,
                    const transparency::NoteKey& witness_key, Session& session) {
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  const auto log = market->connection->Keys();
  PL_RETURN_IF_ERROR(Remote(log.status()));
  PL_ASSIGN_OR_RETURN(const auto view, client::LogView::Open(options.state));
  client::LogClient calls(*market->connection);
  const auto note = calls.GetCheckpoint(0);
  PL_RETURN_IF_ERROR(Remote(note.status()));
  // On disk before the cosignature leaves: a witness must never cosign two histories, not even after a crash.
  const Status fits = view->TakeCheckpoint(
      *log, *note, [&calls](uint64_t from, uint64_t to) { return calls.GetConsistencyProof(from, to); });
  PL_RETURN_IF_ERROR(Remote(fits));
  const std::string text = transparency::ParseNote(*note)->text;
  const auto now = static_cast<uint64_t>(ToSeconds(session.clock.WallNow()));
  const transparency::Note cosigned{text, {transparency::CosignNote(text, options.name, witness, now)}};
  const auto added = calls.AddCosignature(transparency::FormatNote(cosigned));
  PL_RETURN_IF_ERROR(Remote(added.status(), "witness " + witness_key.Text()));
  const uint64_t size = log->Open(*note)->checkpoint.head.size;
  if (options.market.json) {
    PrintJson(Json{{"leaves", size}, {"witness", witness_key.Text()}, {"added", *added}});
  } else {
    PrintLine(
        absl::StrCat("cosigned ", log->current().name, " at ", size, " leaves as ", witness_key.Text()));
  }
  return absl::OkStatus();
}

Status Cosign(const CosignOptions& options, Session& session) {
  if (!transparency::IsNoteKeyName(options.name)) {
    return Usage(absl::InvalidArgumentError("--name: want 1 to 200 bytes without white space or plus"));
  }
  if (!options.show_key && options.state.empty()) {
    return Usage(absl::InvalidArgumentError("--state: want the folder that keeps what was cosigned"));
  }
  PL_ASSIGN_OR_RETURN(const SigningKey witness, LoadSigningKey(options.witness_key));
  const transparency::NoteKey key{options.name, transparency::NoteKeyKind::kCosignatureV1,
                                  witness.public_key()};
  if (!options.show_key) return CosignNewest(options, witness, key, session);
  PrintLine(key.Text());
  return absl::OkStatus();
}

}  // namespace

void AddCosign(CLI::App& log, Session& session) {
  auto options = std::make_shared<CosignOptions>();
  CLI::App* command = AddCommand(
      log, session, "cosign", "Act as a witness: cosign the newest checkpoint if it continues the last one",
      "Example, every minute:\n"
      "  prooflode log cosign --name witness.example/w1 --witness-key w1.key --state w1 --coordinator "
      "https://…\n"
      "The operator names what --show-key prints. Exit code 8: the log does not continue what was cosigned.",
      [options, &session] { return RunMarket([&] { return Cosign(*options, session); }); });
  command->add_option("--name", options->name, "Name of this witness, as operator and readers know it")
      ->required();
  command->add_option("--witness-key", options->witness_key, "Its key file, see `prooflode key gen`")
      ->required();
  CLI::Option* show = command->add_flag("--show-key", options->show_key, "Print its verifier key and end");
  command->add_option("--state", options->state, "Folder that keeps what was cosigned")->excludes(show);
  AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
