// One message of each module, encoded by cosmjs-types, and what it says: the view that a decoder has to come to.
//
// A view has the names of the .proto files, integers as decimal strings, enumerations as numbers, bytes as lower-case hex, an `Any` as
// { "@type", ...fields }, and no field that has its default value.

import { toHex, toUtf8 } from "@cosmjs/encoding";
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgFundCommunityPool, MsgSetWithdrawAddress, MsgWithdrawDelegatorReward } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { MsgSubmitProposal as SubmitV1, MsgVoteWeighted } from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { MsgDeposit, MsgSubmitProposal, MsgVote } from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { MsgCreateGroupWithPolicy, MsgSubmitProposal as GroupProposal } from "cosmjs-types/cosmos/group/v1/tx";
import { ThresholdDecisionPolicy } from "cosmjs-types/cosmos/group/v1/types";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgCreateValidator, MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { MsgCreatePeriodicVestingAccount, MsgCreateVestingAccount } from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { MsgExecuteContract, MsgInstantiateContract2, MsgMigrateContract } from "cosmjs-types/cosmwasm/wasm/v1/tx";
import { MsgTransfer } from "cosmjs-types/ibc/applications/transfer/v1/tx";

const ATOM = { denom: "uatom", amount: "1234567" };
const DEEP = 7;

/** Cases `{ name, typeUrl, value (bytes), view }` for accounts and a validator. */
export function messages(alice, bob, carol, validator) {
  const [coins, time] = [[ATOM], { seconds: 1798761599n, nanos: 250000000 }];
  const send = any(MsgSend, { fromAddress: alice, toAddress: bob, amount: coins });
  const transfer = {
    sourcePort: "transfer",
    sourceChannel: "channel-141",
    token: ATOM,
    sender: alice,
    receiver: "osmo1 not checked \u202e here",
    timeoutHeight: { revisionNumber: 1n, revisionHeight: 12345678n },
    timeoutTimestamp: 1798761599000000000n,
    memo: '{"forward":{"receiver":"x"}}',
  };
  let nested = send;
  for (let depth = 0; depth < DEEP; depth += 1) {
    nested = any(MsgExec, { grantee: bob, msgs: [nested] });
  }
  const all = {
    "bank send of nothing": any(MsgSend, { fromAddress: alice, toAddress: bob, amount: [] }),
    "bank multi-send": any(MsgMultiSend, {
      inputs: [{ address: alice, coins }],
      outputs: [{ address: bob, coins }, { address: carol, coins }],
    }),
    delegate: any(MsgDelegate, { delegatorAddress: alice, validatorAddress: validator, amount: ATOM }),
    undelegate: any(MsgUndelegate, { delegatorAddress: alice, validatorAddress: validator, amount: ATOM }),
    redelegate: any(MsgBeginRedelegate, {
      delegatorAddress: alice,
      validatorSrcAddress: validator,
      validatorDstAddress: validator,
      amount: ATOM,
    }),
    "cancel an unbonding": any(MsgCancelUnbondingDelegation, {
      delegatorAddress: alice,
      validatorAddress: validator,
      amount: ATOM,
      creationHeight: 99n,
    }),
    "create a validator": any(MsgCreateValidator, {
      description: { moniker: "m\u2066", identity: "", website: "https://x", securityContact: "", details: "" },
      commission: { rate: "100000000000000000", maxRate: "200000000000000000", maxChangeRate: "1" },
      minSelfDelegation: "1",
      delegatorAddress: "",
      validatorAddress: validator,
      pubkey: any(PubKey, { key: new Uint8Array(32).fill(7) }),
      value: ATOM,
    }),
    "withdraw a reward": any(MsgWithdrawDelegatorReward, { delegatorAddress: alice, validatorAddress: validator }),
    "set the withdraw address": any(MsgSetWithdrawAddress, { delegatorAddress: alice, withdrawAddress: carol }),
    "fund the community pool": any(MsgFundCommunityPool, { amount: coins, depositor: alice }),
    "vote in gov v1beta1": any(MsgVote, { proposalId: 12n, voter: alice, option: 4 }),
    "deposit in gov v1beta1": any(MsgDeposit, { proposalId: 18446744073709551615n, depositor: alice, amount: coins }),
    "propose a text": any(MsgSubmitProposal, {
      content: any(TextProposal, { title: "t", description: "d" }),
      initialDeposit: coins,
      proposer: alice,
    }),
    "vote by weights in gov v1": any(MsgVoteWeighted, {
      proposalId: 3n,
      voter: alice,
      options: [{ option: 1, weight: "0.700000000000000000" }, { option: 3, weight: "0.300000000000000000" }],
      metadata: "m",
    }),
    "propose messages in gov v1": any(SubmitV1, {
      messages: [send, any(MsgUnjail, { validatorAddr: validator })],
      initialDeposit: coins,
      proposer: alice,
      metadata: "ipfs://x",
      title: "t",
      summary: "s",
      expedited: true,
    }),
    "authz exec": any(MsgExec, { grantee: bob, msgs: [send, any(MsgUnjail, { validatorAddr: validator })] }),
    "authz exec in authz exec": nested,
    "grant to send": any(MsgGrant, {
      granter: alice,
      grantee: bob,
      grant: { authorization: any(SendAuthorization, { spendLimit: coins, allowList: [carol] }), expiration: time },
    }),
    "grant anything of a type": any(MsgGrant, {
      granter: alice,
      grantee: bob,
      grant: { authorization: any(GenericAuthorization, { msg: "/cosmos.bank.v1beta1.MsgSend" }) },
    }),
    "grant to stake": any(MsgGrant, {
      granter: alice,
      grantee: bob,
      grant: {
        authorization: any(StakeAuthorization, {
          maxTokens: ATOM,
          allowList: { address: [validator] },
          authorizationType: 1,
        }),
      },
    }),
    revoke: any(MsgRevoke, { granter: alice, grantee: bob, msgTypeUrl: "/cosmos.bank.v1beta1.MsgSend" }),
    "fee allowance": any(MsgGrantAllowance, {
      granter: alice,
      grantee: bob,
      allowance: any(AllowedMsgAllowance, {
        allowance: any(PeriodicAllowance, {
          basic: { spendLimit: coins, expiration: time },
          period: { seconds: 3600n, nanos: 0 },
          periodSpendLimit: coins,
          periodCanSpend: coins,
          periodReset: time,
        }),
        allowedMessages: ["/cosmos.gov.v1.MsgVote"],
      }),
    }),
    "unlimited fee allowance": any(MsgGrantAllowance, { granter: alice, grantee: bob, allowance: any(BasicAllowance, {}) }),
    "revoke a fee allowance": any(MsgRevokeAllowance, { granter: alice, grantee: bob }),
    "ibc transfer": any(MsgTransfer, transfer),
    "ibc transfer without heights": any(MsgTransfer, { ...transfer, timeoutHeight: {}, memo: "" }),
    "create a vesting account": any(MsgCreateVestingAccount, {
      fromAddress: alice,
      toAddress: bob,
      amount: coins,
      endTime: 1798761599n,
      delayed: true,
    }),
    "vesting by periods": any(MsgCreatePeriodicVestingAccount, {
      fromAddress: alice,
      toAddress: bob,
      startTime: -5n,
      vestingPeriods: [{ length: 60n, amount: coins }, { length: 61n, amount: coins }],
    }),
    unjail: any(MsgUnjail, { validatorAddr: validator }),
    "create a group": any(MsgCreateGroupWithPolicy, {
      admin: alice,
      members: [{ address: bob, weight: "1", metadata: "" }],
      groupMetadata: "g",
      groupPolicyMetadata: "p",
      groupPolicyAsAdmin: true,
      decisionPolicy: any(ThresholdDecisionPolicy, {
        threshold: "1",
        windows: { votingPeriod: { seconds: 86400n, nanos: 500 }, minExecutionPeriod: {} },
      }),
    }),
    "propose to a group": any(GroupProposal, {
      groupPolicyAddress: carol,
      proposers: [alice, bob],
      metadata: "m",
      messages: [send],
      exec: 1,
      title: "t",
      summary: "s",
    }),
    "execute a contract": any(MsgExecuteContract, {
      sender: alice,
      contract: carol,
      msg: toUtf8('{"transfer":{"recipient":"x","note":"\u202e\\n"}}'),
      funds: coins,
    }),
    "instantiate a contract": any(MsgInstantiateContract2, {
      sender: alice,
      admin: "",
      codeId: 7n,
      label: "l",
      msg: toUtf8("{}"),
      funds: [],
      salt: new Uint8Array([0, 255]),
      fixMsg: false,
    }),
    "migrate a contract": any(MsgMigrateContract, { sender: alice, contract: carol, codeId: 8n, msg: toUtf8("not json") }),
  };
  return Object.entries(all).map(([name, { typeUrl, value, view }]) => ({ name, typeUrl, value, view }));
}

/** An `Any`, with its view beside it. */
function any(type, input) {
  const value = type.encode(type.fromPartial(input)).finish();
  return { typeUrl: type.typeUrl, value, view: { "@type": type.typeUrl, ...view(input) } };
}

function view(input) {
  if (typeof input === "bigint") {
    return String(input);
  }
  if (input instanceof Uint8Array) {
    return toHex(input);
  }
  if (Array.isArray(input)) {
    return input.map(view);
  }
  if (input === null || typeof input !== "object") {
    return input;
  }
  if (input.view !== undefined) {
    return input.view;
  }
  const said = Object.entries(input).filter(([, value]) => !isDefault(value));
  return Object.fromEntries(said.map(([name, value]) => [snake(name), view(value)]));
}

function isDefault(value) {
  return value === "" || value === 0 || value === 0n || value === false || value?.length === 0;
}

function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
