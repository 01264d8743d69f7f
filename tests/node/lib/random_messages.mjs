// Random messages of the kinds for which CosmJS knows both forms, protobuf and Amino JSON.
//
// Left out is what CosmJS 0.39 gets wrong against the Cosmos SDK's own encoder: MsgWithdrawValidatorCommission, which the SDK calls
// `cosmos-sdk/MsgWithdrawValCommission` since 0.47.

import { Any } from "cosmjs-types/google/protobuf/any";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";

const MAKERS = {
  "/cosmos.bank.v1beta1.MsgSend": (r) => ({ fromAddress: r.account(), toAddress: r.account(), amount: r.purse() }),
  "/cosmos.bank.v1beta1.MsgMultiSend": (r) => ({
    inputs: [{ address: r.account(), coins: r.purse() }],
    outputs: [{ address: r.account(), coins: r.purse() }, { address: r.account(), coins: r.purse() }],
  }),
  "/cosmos.distribution.v1beta1.MsgFundCommunityPool": (r) => ({ amount: r.purse(), depositor: r.account() }),
  "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress": (r) => ({ delegatorAddress: r.account(), withdrawAddress: r.account() }),
  "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward": (r) => ({ delegatorAddress: r.account(), validatorAddress: r.account("cosmosvaloper") }),
  "/cosmos.gov.v1beta1.MsgDeposit": (r) => ({ amount: r.purse(), depositor: r.account(), proposalId: r.positive() }),
  "/cosmos.gov.v1beta1.MsgVote": (r) => ({ option: 1 + r.integer(4), proposalId: r.positive(), voter: r.account() }),
  "/cosmos.gov.v1beta1.MsgSubmitProposal": (r) => ({
    initialDeposit: r.purse(),
    proposer: r.account(),
    content: Any.fromPartial({
      typeUrl: "/cosmos.gov.v1beta1.TextProposal",
      value: TextProposal.encode({ title: `t ${r.text()}`, description: `d ${r.text()}` }).finish(),
    }),
  }),
  "/cosmos.staking.v1beta1.MsgDelegate": (r) => ({ delegatorAddress: r.account(), validatorAddress: r.account("cosmosvaloper"), amount: r.coin() }),
  "/cosmos.staking.v1beta1.MsgUndelegate": (r) => ({ delegatorAddress: r.account(), validatorAddress: r.account("cosmosvaloper"), amount: r.coin() }),
  "/cosmos.staking.v1beta1.MsgBeginRedelegate": (r) => ({
    delegatorAddress: r.account(),
    validatorSrcAddress: r.account("cosmosvaloper"),
    validatorDstAddress: r.account("cosmosvaloper"),
    amount: r.coin(),
  }),
  "/cosmos.staking.v1beta1.MsgCancelUnbondingDelegation": (r) => ({
    delegatorAddress: r.account(),
    validatorAddress: r.account("cosmosvaloper"),
    amount: r.coin(),
    creationHeight: r.positive(),
  }),
  "/ibc.applications.transfer.v1.MsgTransfer": (r) => ({
    sourcePort: "transfer",
    sourceChannel: `channel-${r.integer(500)}`,
    token: r.coin(),
    sender: r.account(),
    receiver: r.account("osmo"),
    timeoutHeight: r.pick([
      { revisionNumber: 0n, revisionHeight: 0n },
      { revisionNumber: 1n, revisionHeight: r.positive() },
    ]),
    timeoutTimestamp: r.unsigned(),
    memo: r.text(),
  }),
  "/cosmos.vesting.v1beta1.MsgCreateVestingAccount": (r) => ({
    fromAddress: r.account(),
    toAddress: r.account(),
    amount: r.purse(),
    endTime: r.positive(),
    delayed: true,
  }),
};

export function messages(random, count) {
  const types = Object.keys(MAKERS);
  return Array.from({ length: count }, () => {
    const typeUrl = random.pick(types);
    return { typeUrl, value: MAKERS[typeUrl](random) };
  });
}
