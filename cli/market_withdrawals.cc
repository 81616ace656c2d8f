// prooflode account withdraw|withdrawals|cancel-withdrawal|pay-withdrawal|reject-withdrawal
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/market_account.h"
#include "cli/market_print.h"

namespace prooflode::cli {
namespace {

constexpr size_t kNoteMax = 200;

struct WithdrawalOptions {
  MarketOptions market;
  std::string amount;
  std::string reference;
  std::string note;
  std::string owner;
  uint64_t id = 0;
  bool as_operator = false;
  bool everybody = false;
  bool requested = false;
  uint32_t limit = 50;
};

using WithdrawalCommand = Status (*)(const WithdrawalOptions&, Market&);

StatusOr<std::string> ParseNote(const std::string& text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && !text.empty() && text.size() <= kNoteMax) return text;
  return absl::InvalidArgumentError(absl::StrCat("want 1 to ", kNoteMax, " printable ASCII characters"));
}

void Show(const v1::Withdrawal& w, const WithdrawalOptions& options, const Market& market) {
  if (options.market.json) return PrintJson(ToJson(w, market));
  PrintLine(absl::StrCat("withdrawal: ", w.withdrawal_id()));
  PrintLine("state:      " + StateText(w.state()));
  PrintLine("amount:     " + market.AmountText(w.amount_units()));
  PrintLine("reference:  " + Printable(w.external_reference()));
  if (!w.payment_reference().empty()) PrintLine("payment:    " + Printable(w.payment_reference()));
  if (!w.note().empty()) PrintLine("note:       " + Printable(w.note()));
}

std::string Named(const WithdrawalOptions& options) { return absl::StrCat("withdrawal ", options.id); }

Status Withdraw(const WithdrawalOptions& options, Market& market) {
  v1::WithdrawRequest request;
  PL_ASSIGN_OR_RETURN(const Amount amount, ParseMarketAmount(options.amount, market));
  request.set_amount_units(Count(amount));
  request.set_external_reference(options.reference);
  const auto response = market.client->Withdraw(std::move(request));
  PL_RETURN_IF_ERROR(Remote(InAmounts(response.status(), market)));
  Show(response->withdrawal(), options, market);
  return absl::OkStatus();
}

Status Cancel(const WithdrawalOptions& options, Market& market) {
  v1::CancelWithdrawalRequest request;
  request.set_withdrawal_id(options.id);
  const auto response = market.client->CancelWithdrawal(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status(), Named(options)));
  Show(response->withdrawal(), options, market);
  return absl::OkStatus();
}

Status Pay(const WithdrawalOptions& options, Market& market) {
  v1::PayWithdrawalRequest request;
  request.set_withdrawal_id(options.id);
  request.set_external_reference(options.reference);
  const auto response = market.client->PayWithdrawal(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status(), Named(options)));
  Show(response->withdrawal(), options, market);
  return absl::OkStatus();
}

Status Reject(const WithdrawalOptions& options, Market& market) {
  v1::RejectWithdrawalRequest request;
  request.set_withdrawal_id(options.id);
  request.set_note(options.note);
  const auto response = market.client->RejectWithdrawal(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status(), Named(options)));
  Show(response->withdrawal(), options, market);
  return absl::OkStatus();
}

Status List(const WithdrawalOptions& options, Market& market) {
  v1::ListWithdrawalsRequest request;
  if (!options.owner.empty()) {
    PL_ASSIGN_OR_RETURN(*request.mutable_owner(), ParseKeyText(options.owner));
  }
  request.set_everybody(options.everybody);
  request.set_requested_only(options.requested);
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows = {
      {"ID", "REQUESTED", "STATE", "AMOUNT", "REFERENCE", "PAYMENT OR NOTE", "OWNER"}};
  uint32_t left = options.limit;
  do {
    request.set_page_size(std::min(left, 1000u));
    const auto response = market.client->ListWithdrawals(request);
    PL_RETURN_IF_ERROR(Remote(response.status()));
    for (const v1::Withdrawal& w : response->withdrawals()) {
      rows.push_back({absl::StrCat(w.withdrawal_id()), TimeText(w.requested_at_us()), StateText(w.state()),
                      market.AmountText(w.amount_units()), Printable(w.external_reference()),
                      Printable(w.payment_reference().empty() ? w.note() : w.payment_reference()),
                      HexEncode(AsBytes(w.owner()))});
      all.push_back(ToJson(w, market));
    }
    left -= std::min<uint32_t>(left, static_cast<uint32_t>(response->withdrawals_size()));
    request.set_page_token(response->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  PrintList(options.market, rows, all);
  return absl::OkStatus();
}

}  // namespace

void AddWithdrawals(CLI::App& account, Session& session) {
  auto options = std::make_shared<WithdrawalOptions>();
  const auto body = [options, &session](WithdrawalCommand run, bool deciding) -> Body {
    return [=, &session] {
      return RunMarket([&]() -> Status {
        const v1::Role role = deciding || options->as_operator ? v1::ROLE_OPERATOR : v1::ROLE_REQUESTER;
        PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, role, session));
        return run(*options, *market);
      });
    };
  };
  CLI::App* withdraw = AddCommand(
      account, session, "withdraw", "Ask for money to be paid out",
      "It leaves the balance at once; an operator pays it outside, or rejects it.", body(Withdraw, false));
  withdraw->add_option("AMOUNT", options->amount, "In the market's asset, like 1.25")
      ->required()
      ->check(Understood(ParseAmountForm));
  CLI::App* list = AddCommand(account, session, "withdrawals", "List withdrawals, the newest first",
                              "Example:\n  prooflode account withdrawals --operator --everybody --requested",
                              body(List, false));
  CLI::Option* as_operator = list->add_flag("--operator", options->as_operator, "Log in as an operator");
  CLI::Option* owner = list->add_option("--owner", options->owner, "Another's (operators)")
                           ->needs(as_operator)
                           ->check(Understood(ParseKeyText));
  list->add_flag("--everybody", options->everybody, "All keys' (operators)")
      ->needs(as_operator)
      ->excludes(owner);
  list->add_flag("--requested", options->requested, "Those that wait alone, the oldest first");
  list->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1u, kListMax))
      ->capture_default_str();
  CLI::App* cancel = AddCommand(account, session, "cancel-withdrawal", "Take back a withdrawal that waits",
                                "The money is in the balance again.", body(Cancel, false));
  CLI::App* pay =
      AddCommand(account, session, "pay-withdrawal", "Say that it was paid outside (operators only)",
                 "Example:\n  prooflode account pay-withdrawal 1234 --reference wire-18\n"
                 "A payment's reference counts once in the whole market.",
                 body(Pay, true));
  CLI::App* reject = AddCommand(
      account, session, "reject-withdrawal",
      "Say that it will not be paid (operators only); the money goes back",
      "Example:\n  prooflode account reject-withdrawal 1234 --note \"no such bank\"", body(Reject, true));
  for (CLI::App* command : {cancel, pay, reject}) {
    command->add_option("ID", options->id, "The withdrawal's number")->required();
  }
  for (CLI::App* command : {withdraw, pay}) {
    command->add_option("--reference", options->reference, "1 to 128 printable ASCII characters")
        ->required()
        ->check(Understood(ParseReference));
  }
  reject->add_option("--note", options->note, "Why, for the owner to read")
      ->required()
      ->check(Understood(ParseNote));
  for (CLI::App* command : {withdraw, list, cancel, pay, reject}) AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
