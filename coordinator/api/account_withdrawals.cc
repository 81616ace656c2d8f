// The part of AccountService about money that leaves, and about what moved.
#include <limits>

#include "absl/strings/numbers.h"
#include "coordinator/api/account_service.h"
#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

void ToProto(const market::Withdrawal& w, v1::Withdrawal* out) {
  out->set_withdrawal_id(w.id);
  out->set_owner(StringOf(w.owner));
  out->set_state(static_cast<v1::WithdrawalState>(w.state));
  out->set_amount_units(Count(w.amount));
  out->set_external_reference(w.reference);
  out->set_requested_at_us(Count(w.requested_at));
  out->set_ended_at_us(Count(w.ended_at));
  out->set_payment_reference(w.payment);
  out->set_note(w.note);
}

// The id that a page begins behind; 0 for the first page.
StatusOr<uint64_t> PageToken(const std::string& field, const std::string& token) {
  uint64_t id = 0;
  if (token.empty() || (absl::SimpleAtoi(token, &id) && id > 0)) return id;
  return absl::InvalidArgumentError(absl::StrCat(field, ": not one of ours"));
}

// What the accounts of a key hold, followed from transfer to transfer.
class Holdings {
 public:
  // In the order of ledger::AccountsOf.
  Holdings(const std::string& hex_key, std::vector<Amount> amounts)
      : accounts_(ledger::AccountsOf(hex_key)), amounts_(std::move(amounts)) {
    PL_CHECK(amounts_.size() == accounts_.size());
  }
  void Apply(const ledger::Transfer& transfer) {
    for (size_t i = 0; i < accounts_.size(); ++i) {
      const uint64_t held = Count(amounts_[i]);
      if (transfer.debit == accounts_[i]) amounts_[i] = Amount{held - Count(transfer.amount)};
      if (transfer.credit == accounts_[i]) amounts_[i] = Amount{held + Count(transfer.amount)};
    }
  }
  void Show(v1::Balances* out) const {
    out->set_available_units(Count(amounts_[0]));
    out->set_escrow_units(Count(amounts_[1]));
    out->set_stake_units(Count(amounts_[2]));
    out->set_withdrawing_units(Count(amounts_[3]));
  }

 private:
  const std::vector<ledger::AccountName> accounts_;
  std::vector<Amount> amounts_;
};

// Walks `ids` behind `after` (0: from the beginning), the oldest first or the newest first.
template <typename Ids, typename Take>
void Walk(const Ids& ids, bool oldest_first, uint64_t after, Take take) {
  if (oldest_first) {
    for (auto it = after == 0 ? ids.begin() : ids.upper_bound(after); it != ids.end() && take(*it); ++it) {
    }
  } else {
    auto it = std::make_reverse_iterator(after == 0 ? ids.end() : ids.lower_bound(after));
    for (; it != ids.rend() && take(*it); ++it) {
    }
  }
}

void FillWithdrawals(const market::Market& market, const std::optional<market::Identity>& owner,
                     const v1::ListWithdrawalsRequest& request, uint64_t after,
                     v1::ListWithdrawalsResponse* out) {
  const int count = static_cast<int>(request.page_size() == 0 ? kPageSizeDefault : request.page_size());
  const auto take = [&](market::WithdrawalId id) {
    const market::Withdrawal& withdrawal = *market.FindWithdrawal(id);
    if (owner && withdrawal.owner != *owner) return true;
    if (request.requested_only() && withdrawal.state != market::WithdrawalState::kRequested) return true;
    ToProto(withdrawal, out->add_withdrawals());
    if (out->withdrawals_size() < count) return true;
    out->set_next_page_token(absl::StrCat(id));
    return false;
  };
  // The shortest list that has them all.
  if (owner) return Walk(market.WithdrawalsOf(*owner), request.requested_only(), after, take);
  if (request.requested_only()) return Walk(market.UnpaidWithdrawals(), true, after, take);
  const auto& all = market.withdrawals();
  auto it = std::make_reverse_iterator(after == 0 ? all.end() : all.lower_bound(after));
  for (; it != all.rend() && take(it->first); ++it) {
  }
}

}  // namespace

grpc::ServerUnaryReactor* AccountServiceImpl::Withdraw(grpc::CallbackServerContext* context,
                                                       const v1::WithdrawRequest* request,
                                                       v1::WithdrawResponse* response) {
  return Serve(environment_, context, withdraw_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 OfferCommand<market::WithdrawalAnswer>(
                     environment_, call, caller, *request,
                     market::Withdraw{Amount{request->amount_units()}, request->external_reference()},
                     [this, call, owner = caller.identity, response](const market::WithdrawalAnswer& answer,
                                                                     const engine::Answered&) {
                       ToProto(answer.withdrawal, response->mutable_withdrawal());
                       FinishWithAccount(call, owner, response->mutable_account());
                       return false;
                     });
               });
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* AccountServiceImpl::ChangeWithdrawal(grpc::CallbackServerContext* context,
                                                               MethodMetrics& metrics, RoleSet roles,
                                                               const Request& request,
                                                               market::Command command, Response* response) {
  return Serve(environment_, context, metrics, roles, request, [&](CallPtr call, const Caller& caller) {
    OfferCommand<market::WithdrawalAnswer>(
        environment_, std::move(call), caller, request, std::move(command),
        [response](const market::WithdrawalAnswer& answer, const engine::Answered&) {
          ToProto(answer.withdrawal, response->mutable_withdrawal());
          return true;
        });
  });
}

grpc::ServerUnaryReactor* AccountServiceImpl::CancelWithdrawal(grpc::CallbackServerContext* context,
                                                               const v1::CancelWithdrawalRequest* request,
                                                               v1::CancelWithdrawalResponse* response) {
  return ChangeWithdrawal(context, cancel_withdrawal_, kEverybody, *request,
                          market::CancelWithdrawal{request->withdrawal_id()}, response);
}

grpc::ServerUnaryReactor* AccountServiceImpl::PayWithdrawal(grpc::CallbackServerContext* context,
                                                            const v1::PayWithdrawalRequest* request,
                                                            v1::PayWithdrawalResponse* response) {
  return ChangeWithdrawal(context, pay_withdrawal_, kOperators, *request,
                          market::PayWithdrawal{request->withdrawal_id(), request->external_reference()},
                          response);
}

grpc::ServerUnaryReactor* AccountServiceImpl::RejectWithdrawal(grpc::CallbackServerContext* context,
                                                               const v1::RejectWithdrawalRequest* request,
                                                               v1::RejectWithdrawalResponse* response) {
  return ChangeWithdrawal(context, reject_withdrawal_, kOperators, *request,
                          market::RejectWithdrawal{request->withdrawal_id(), request->note()}, response);
}

grpc::ServerUnaryReactor* AccountServiceImpl::ListWithdrawals(grpc::CallbackServerContext* context,
                                                              const v1::ListWithdrawalsRequest* request,
                                                              v1::ListWithdrawalsResponse* response) {
  return Serve(
      environment_, context, list_withdrawals_, kEverybody, *request,
      [&](CallPtr call, const Caller& caller) {
        if (request->everybody() && caller.role != Role::kOperator) {
          return call->Finish(absl::PermissionDeniedError("everybody: only operators may ask about all"));
        }
        const StatusOr<market::Identity> owner = OwnerOf(request->owner(), caller);
        if (!owner.ok()) return call->Finish(owner.status());
        const StatusOr<uint64_t> after =
            PageToken("ListWithdrawalsRequest.page_token", request->page_token());
        if (!after.ok()) return call->Finish(after.status());
        const auto whose = request->everybody() ? std::nullopt : std::optional(*owner);
        QueryMarket(environment_, std::move(call), caller,
                    [request, whose, after = *after, response](const market::Market& market) {
                      FillWithdrawals(market, whose, *request, after, response);
                      return absl::OkStatus();
                    });
      });
}

grpc::ServerUnaryReactor* AccountServiceImpl::GetStatement(grpc::CallbackServerContext* context,
                                                           const v1::GetStatementRequest* request,
                                                           v1::GetStatementResponse* response) {
  return Serve(
      environment_, context, get_statement_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        const StatusOr<market::Identity> owner = OwnerOf(request->owner(), caller);
        if (!owner.ok()) return call->Finish(owner.status());
        const StatusOr<uint64_t> after = PageToken("GetStatementRequest.page_token", request->page_token());
        if (!after.ok()) return call->Finish(after.status());
        engine::StatementQuery query{.hex_key = HexEncode(*owner),
                                     .from = Micros{request->from_us()},
                                     .until = Micros{request->until_us()},
                                     .after_id = *after};
        if (request->until_us() == 0) query.until = Micros{std::numeric_limits<int64_t>::max()};
        query.count_max = request->page_size() == 0 ? kPageSizeDefault : request->page_size();
        RunOn(environment_.lookups, call, caller, [this, call, query, response] {
          const StatusOr<engine::StatementRows> rows = environment_.store.ReadStatement(query);
          if (!rows.ok()) return call->Finish(rows.status());
          Holdings holdings(query.hex_key, rows->before);
          holdings.Show(response->mutable_opening());
          for (const ledger::Transfer& transfer : rows->transfers) {
            holdings.Apply(transfer);
            v1::StatementLine* line = response->add_lines();
            api::ToProto(transfer, line->mutable_transfer());
            holdings.Show(line->mutable_after());
          }
          holdings.Show(response->mutable_closing());
          response->mutable_asset()->set_name(environment_.info.asset_name);
          response->mutable_asset()->set_decimals(environment_.info.asset_decimals);
          if (rows->transfers.size() == query.count_max) {
            response->set_next_page_token(absl::StrCat(rows->transfers.back().id));
          }
          call->Finish(absl::OkStatus());
        });
      });
}

}  // namespace prooflode::api
