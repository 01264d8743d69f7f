// Command aminojson prints messages with the Amino JSON that the Cosmos SDK's own encoder writes for them, as test vectors of
// maany-coordinator-cosmos: for every message that an account signs, some with random contents. The seed is printed with them.
//
//	go run ./aminojson [seed [count]] > ../../crates/coordinator-cosmos/tests/vectors/amino-messages.json
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"

	"cosmossdk.io/x/tx/signing/aminojson"
	cosmosproto "github.com/cosmos/cosmos-proto"
	gogo "github.com/cosmos/gogoproto/gogoproto"
	gogoproto "github.com/cosmos/gogoproto/proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/runtime/protoimpl"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"

	"cosmossdk.io/api/amino"
	msgv1 "cosmossdk.io/api/cosmos/msg/v1"

	_ "cosmossdk.io/x/feegrant"
	_ "github.com/CosmWasm/wasmd/x/wasm/types"
	_ "github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	_ "github.com/cosmos/cosmos-sdk/crypto/keys/multisig"
	_ "github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	_ "github.com/cosmos/cosmos-sdk/x/auth/vesting/types"
	_ "github.com/cosmos/cosmos-sdk/x/authz"
	_ "github.com/cosmos/cosmos-sdk/x/bank/types"
	_ "github.com/cosmos/cosmos-sdk/x/distribution/types"
	_ "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	_ "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"
	_ "github.com/cosmos/cosmos-sdk/x/group"
	_ "github.com/cosmos/cosmos-sdk/x/slashing/types"
	_ "github.com/cosmos/cosmos-sdk/x/staking/types"
	_ "github.com/cosmos/ibc-go/v10/modules/apps/transfer/types"
)

// Packages whose messages the crate has tables for.
var packages = []string{
	"cosmos.authz.v1beta1", "cosmos.bank.v1beta1", "cosmos.distribution.v1beta1", "cosmos.feegrant.v1beta1", "cosmos.gov.v1",
	"cosmos.gov.v1beta1", "cosmos.group.v1", "cosmos.slashing.v1beta1", "cosmos.staking.v1beta1", "cosmos.vesting.v1beta1",
	"cosmwasm.wasm.v1", "ibc.applications.transfer.v1",
}

// What stands in an Any, whatever interface it is for: the encoder does not ask.
var inAny = []protoreflect.FullName{
	"cosmos.bank.v1beta1.MsgSend", "cosmos.staking.v1beta1.MsgDelegate", "cosmos.authz.v1beta1.GenericAuthorization",
	"cosmos.bank.v1beta1.SendAuthorization", "cosmos.staking.v1beta1.StakeAuthorization", "cosmos.feegrant.v1beta1.BasicAllowance",
	"cosmos.feegrant.v1beta1.PeriodicAllowance", "cosmos.group.v1.ThresholdDecisionPolicy", "cosmos.gov.v1beta1.TextProposal",
	"cosmos.crypto.ed25519.PubKey", "cosmos.crypto.secp256k1.PubKey", "cosmos.crypto.multisig.LegacyAminoPubKey",
}

var customType = &protoimpl.ExtensionInfo{
	ExtendedType: (*descriptorpb.FieldOptions)(nil), ExtensionType: gogo.E_Customtype.ExtensionType,
	Field: gogo.E_Customtype.Field, Name: gogo.E_Customtype.Name, Tag: gogo.E_Customtype.Tag, Filename: gogo.E_Customtype.Filename,
}

var texts = []string{
	"", "a", "cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5", "<b> & \"q\" \\ /", "\u2028\u2029\u202e", "caf\u00e9 \U0001f600", "tab\tnew\nline\b\f\u0001\u007f",
}

type vector struct {
	TypeURL string `json:"typeUrl"`
	Value   string `json:"value"`
	Amino   string `json:"amino"`
}

// Every file with every import in its place: the hybrid resolver of a chain leaves some messages of other files without their fields.
var files = merged()

func merged() *protoregistry.Files {
	all, err := gogoproto.MergedGlobalFileDescriptors()
	check(err)
	registry, err := protodesc.NewFiles(all)
	check(err)
	return registry
}

func main() {
	seed, count := int64(1), 3
	if len(os.Args) > 1 {
		seed, _ = strconv.ParseInt(os.Args[1], 10, 64)
	}
	if len(os.Args) > 2 {
		count, _ = strconv.Atoi(os.Args[2])
	}
	g := generator{rand.New(rand.NewSource(seed))}
	encoder := aminojson.NewEncoder(aminojson.EncoderOptions{
		FileResolver: files, TypeResolver: new(protoregistry.Types),
	})
	var vectors []vector
	for _, name := range names() {
		message := find(name)
		if unresolved(message, map[protoreflect.FullName]bool{}) {
			fmt.Fprintf(os.Stderr, "%s: left out, a message in it has no descriptor here\n", name)
			continue
		}
		for i := 0; i < count; i++ {
			value, err := proto.MarshalOptions{Deterministic: true}.Marshal(g.message(message, 0, i > 0))
			check(err)
			// As a chain does: what was broadcast is read before it is encoded.
			url := "/" + string(name)
			out, err := encoder.Marshal(&anypb.Any{TypeUrl: url, Value: value})
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
				continue
			}
			vectors = append(vectors, vector{url, hex.EncodeToString(value), string(out)})
		}
	}
	modules := map[string]string{}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		switch module.Path {
		case "cosmossdk.io/x/tx", "github.com/cosmos/cosmos-sdk", "github.com/cosmos/ibc-go/v10", "github.com/CosmWasm/wasmd":
			modules[module.Path] = module.Version
		}
	}
	var out bytes.Buffer
	printer := json.NewEncoder(&out)
	printer.SetIndent("", " ")
	check(printer.Encode(map[string]any{
		"provenance": map[string]any{"generator": "tests/chain/aminojson", "modules": modules, "seed": seed}, "vectors": vectors,
	}))
	_, err := os.Stdout.Write(out.Bytes())
	check(err)
}

func names() []protoreflect.FullName {
	var all []protoreflect.FullName
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for _, known := range packages {
			if string(file.Package()) != known {
				continue
			}
			for i := 0; i < file.Messages().Len(); i++ {
				options := file.Messages().Get(i).Options()
				if proto.HasExtension(options, msgv1.E_Signer) && proto.HasExtension(options, amino.E_Name) {
					all = append(all, file.Messages().Get(i).FullName())
				}
			}
		}
		return true
	})
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

func find(name protoreflect.FullName) protoreflect.MessageDescriptor {
	found, err := files.FindDescriptorByName(name)
	check(err)
	return found.(protoreflect.MessageDescriptor)
}

// unresolved tells whether a message holds one whose fields the registry does not know: the encoder would see it empty.
func unresolved(d protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	if d.IsPlaceholder() {
		return true
	}
	if seen[d.FullName()] {
		return false
	}
	seen[d.FullName()] = true
	for i := 0; i < d.Fields().Len(); i++ {
		if f := d.Fields().Get(i); f.Message() != nil && unresolved(f.Message(), seen) {
			return true
		}
	}
	return false
}

type generator struct{ *rand.Rand }

// message makes a message; with sparse set, about half of its fields are empty.
func (g generator) message(d protoreflect.MessageDescriptor, depth int, sparse bool) *dynamicpb.Message {
	m := dynamicpb.NewMessage(d)
	field := func(name protoreflect.Name) protoreflect.FieldDescriptor { return d.Fields().ByName(name) }
	switch d.FullName() {
	case "google.protobuf.Any":
		inner := inAny[g.Intn(len(inAny))]
		if depth > 2 {
			inner = inAny[0]
		}
		value, err := proto.MarshalOptions{Deterministic: true}.Marshal(g.message(find(inner), depth+1, sparse))
		check(err)
		m.Set(field("type_url"), protoreflect.ValueOfString("/"+string(inner)))
		m.Set(field("value"), protoreflect.ValueOfBytes(value))
		return m
	case "google.protobuf.Timestamp":
		m.Set(field("seconds"), protoreflect.ValueOfInt64(g.Int63n(253402300800)))
		m.Set(field("nanos"), protoreflect.ValueOfInt32(g.Int31n(3)*g.Int31n(333333333)))
		return m
	case "google.protobuf.Duration":
		m.Set(field("seconds"), protoreflect.ValueOfInt64(g.Int63n(1000000000)))
		m.Set(field("nanos"), protoreflect.ValueOfInt32(g.Int31n(2)*g.Int31n(999999999)))
		return m
	}
	for i := 0; i < d.Fields().Len(); i++ {
		f := d.Fields().Get(i)
		// A chain refuses a message without these: a client always writes them.
		kept := f.Kind() == protoreflect.MessageKind && proto.HasExtension(f.Options(), amino.E_DontOmitempty)
		inline := extension(f, amino.E_Encoding) == "inline_json"
		if sparse && !kept && !inline && g.Intn(2) == 0 {
			continue
		}
		if oneof := f.ContainingOneof(); oneof != nil && m.WhichOneof(oneof) != nil {
			continue
		}
		if !f.IsList() {
			m.Set(f, g.value(f, depth, sparse))
			continue
		}
		for n := g.Intn(3); n > 0; n-- {
			m.Mutable(f).List().Append(g.value(f, depth, sparse))
		}
	}
	return m
}

func (g generator) value(f protoreflect.FieldDescriptor, depth int, sparse bool) protoreflect.Value {
	scalar := extension(f, cosmosproto.E_Scalar)
	isDec := scalar == "cosmos.Dec" && extension(f, customType) == "cosmossdk.io/math.LegacyDec"
	digits := strconv.FormatUint(g.Uint64()>>uint(g.Intn(60)), 10)
	switch f.Kind() {
	case protoreflect.StringKind:
		if isDec || scalar == "cosmos.Int" {
			return protoreflect.ValueOfString(digits)
		}
		return protoreflect.ValueOfString(texts[g.Intn(len(texts))])
	case protoreflect.BytesKind:
		if extension(f, amino.E_Encoding) == "inline_json" {
			return protoreflect.ValueOfBytes([]byte(`{"z":[1,null,true,-7,{}],"a":{"c":"<&> ` + strings.Repeat("x", g.Intn(4)) + `","b":"\u2028"}}`))
		}
		if isDec || scalar == "cosmos.Int" {
			return protoreflect.ValueOfBytes([]byte(digits))
		}
		out := make([]byte, g.Intn(40))
		_, _ = g.Read(out)
		return protoreflect.ValueOfBytes(out)
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(g.Intn(2) == 1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(g.Intn(5)))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(g.Uint32()))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(g.Uint32())
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(g.Uint64()))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(g.Uint64())
	case protoreflect.MessageKind:
		return protoreflect.ValueOfMessage(g.message(f.Message(), depth+1, sparse))
	}
	check(fmt.Errorf("%s: a kind that no message has", f.FullName()))
	return protoreflect.Value{}
}

func extension(f protoreflect.FieldDescriptor, kind protoreflect.ExtensionType) string {
	if !proto.HasExtension(f.Options(), kind) {
		return ""
	}
	text, _ := proto.GetExtension(f.Options(), kind).(string)
	return text
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
