// AccountService: balances, transfers and deposits (account_service.cc), withdrawals and statements
// (account_withdrawals.cc).
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/account_service.grpc.pb.h"

namespace prooflode::api {

// Whose account a request is about: operators may name anybody, others themselves.
StatusOr<market::Identity> OwnerOf(const std::string& field, const Caller& caller);

class AccountServiceImpl final : public v1::AccountService::CallbackService {
 public:
  explicit AccountServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                       const v1::GetAccountRequest* request,
                                       v1::GetAccountResponse* response) override;
  grpc::ServerUnaryReactor* ListTransfers(grpc::CallbackServerContext* context,
                                          const v1::ListTransfersRequest* request,
                                          v1::ListTransfersResponse* response) override;
  grpc::ServerUnaryReactor* Deposit(grpc::CallbackServerContext* context, const v1::DepositRequest* request,
                                    v1::DepositResponse* response) override;
  grpc::ServerUnaryReactor* Withdraw(grpc::CallbackServerContext* context, const v1::WithdrawRequest* request,
                                     v1::WithdrawResponse* response) override;

  grpc::ServerUnaryReactor* ListWithdrawals(grpc::CallbackServerContext* context,
                                            const v1::ListWithdrawalsRequest* request,
                                            v1::ListWithdrawalsResponse* response) override;
  grpc::ServerUnaryReactor* CancelWithdrawal(grpc::CallbackServerContext* context,
                                             const v1::CancelWithdrawalRequest* request,
                                             v1::CancelWithdrawalResponse* response) override;
  grpc::ServerUnaryReactor* PayWithdrawal(grpc::CallbackServerContext* context,
                                          const v1::PayWithdrawalRequest* request,
                                          v1::PayWithdrawalResponse* response) override;
  grpc::ServerUnaryReactor* RejectWithdrawal(grpc::CallbackServerContext* context,
                                             const v1::RejectWithdrawalRequest* request,
                                             v1::RejectWithdrawalResponse* response) override;
  grpc::ServerUnaryReactor* GetStatement(grpc::CallbackServerContext* context,
                                         const v1::GetStatementRequest* request,
                                         v1::GetStatementResponse* response) override;

 private:
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* ChangeWithdrawal(grpc::CallbackServerContext* context, MethodMetrics& metrics,
                                             RoleSet roles, const Request& request, market::Command command,
                                             Response* response);
  void FillAccount(const market::Market& market, const market::Identity& owner, v1::Account* out) const;
  // The end of a call that has moved money.
  void FinishWithAccount(const CallPtr& call, const market::Identity& owner, v1::Account* out);

  Environment& environment_;
  MethodMetrics get_account_;
  MethodMetrics list_transfers_;
  MethodMetrics deposit_;
  MethodMetrics withdraw_;
  MethodMetrics list_withdrawals_;
  MethodMetrics cancel_withdrawal_;
  MethodMetrics pay_withdrawal_;
  MethodMetrics reject_withdrawal_;
  MethodMetrics get_statement_;
};

}  // namespace prooflode::api
